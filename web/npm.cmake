# npm_ci(FOLDER WHAT FILE...): copies the FILEs, package.json and its lock among them, into FOLDER, and fetches there what
# they name: FOLDER/node_modules/.package-lock.json. In the build folder, so that the source tree stays as it is.
function(npm_ci folder what)
  foreach(file IN LISTS ARGN)
    configure_file(${file} ${folder} COPYONLY)
  endforeach()
  add_custom_command(OUTPUT ${folder}/node_modules/.package-lock.json
    COMMAND ${NPM} ci --ignore-scripts --prefer-offline --silent
    DEPENDS ${folder}/package-lock.json ${folder}/package.json
    WORKING_DIRECTORY ${folder}
    COMMENT "Fetching ${what}" VERBATIM)
endfunction()
