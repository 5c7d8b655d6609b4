# Completion for mtcp-client and mtcp-server in fish. It asks --help, so that it knows what the program knows.

function __mtcp_words
    set -l given (commandline -opc)
    set -l program $given[1]
    set -l commands ($program --help 2>/dev/null | sed -nE '/^Subcommands:/,/^$/s/^  ([a-z]+) +(.*)/\1\t\2/p')
    set -l chosen
    for word in $given[2..]
        if string match -qr "^$word\t" -- $commands
            set chosen $word
        end
    end
    begin
        $program --help 2>/dev/null
        test -n "$chosen"; and $program $chosen --help 2>/dev/null
    end | sed -nE 's/^ +(-h,)?(--[a-z-]+)( [^ ]+)?( \.\.\.)? +(.*)/\2\t\5/p'
    test -n "$chosen"; or printf '%s\n' $commands
end

for program in mtcp-client mtcp-server
    complete -c $program -a '(__mtcp_words)'
end
