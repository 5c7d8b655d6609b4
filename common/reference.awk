# For Doxygen: what stands at the top of a header, above #pragma once, is the description of that file. Doxygen sees no
# // comments, and takes for code what is four columns in, behind an empty line.
/^#pragma once/ { below = 1 }
!below && /^\/\// {
  if (NR == 1) print "/// @file"
  indented = /^\/\/  /
  if (indented && !was_indented) print "///"
  was_indented = indented
  sub(/^\/\//, indented ? "///    " : "///")
}
{ print }
