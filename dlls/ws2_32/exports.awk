# Turns ws2_32.spec into exports.inc: EXPORT(name, bytes, owner, way, argument, inside), a line for each export, for
# thunks.S and platform.c. `bytes` is the size of the arguments on i386, `argument` the one that points to the error (way
# errno), `inside` refused or free.
# SPDX-License-Identifier: LGPL-2.1-or-later

function bad(why)
{
    print FILENAME ":" FNR ": " why > "/dev/stderr"
    failed = 1
    exit 1
}

BEGIN { print "/* made by exports.awk from ws2_32.spec: edit that */" }

/^[ \t]*(#|$)/ { next }

{
    line = $0
    owner = "platform"; way = "minus"; argument = 0; inside = "refused"
    mark = line
    if (sub(/^[^#]*#[ ]*/, "", mark))
    {
        words = split(mark, word, " ")
        for (i = 1; i <= words; i++)
        {
            if (word[i] ~ /^(own|wraps|hooked|absent|swaps16|swaps32)$/)
                owner = word[i]
            else if (word[i] == "free")
                inside = "free"
            else if (word[i] ~ /^errno=[0-9]+$/)
            {
                way = "errno"
                argument = substr(word[i], 7)
            }
            else if (word[i] ~ /^(minus|zero|error|void)$/)
                way = word[i]
            else
                bad("what is '" word[i] "'?")
        }
    }
    sub(/[ ]*#.*/, "", line)
    if (line !~ /^([0-9]+|@) stdcall [A-Za-z_0-9]+\([a-z0-9 ]*\)$/)
        bad("not an export: " line)
    name = line
    sub(/^[^ ]+ stdcall /, "", name)
    list = name
    sub(/\(.*/, "", name)
    sub(/^[^(]*\(/, "", list)
    sub(/\)$/, "", list)
    words = split(list, word, " ")
    bytes = 0
    for (i = 1; i <= words; i++)
    {
        if (word[i] !~ /^(long|ptr|str|wstr)$/)
            bad("unknown kind of argument '" word[i] "'")
        bytes += 4
    }
    if (argument * 4 > bytes || (way == "errno" && argument < 1))
        bad("argument " argument " is not there")
    if (owner ~ /^swaps/ && bytes != 4)
        bad("only one argument can be changed over")
    if (name in seen)
        bad(name " was there before")
    seen[name] = 1
    printf "EXPORT(%s, %d, %s, %s, %d, %s)\n", name, bytes, owner, way, argument, inside
}

END { if (failed) exit 1 }
