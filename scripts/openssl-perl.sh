#!/bin/sh
# The perl that configures the vendored OpenSSL (OPENSSL_SRC_PERL in .cargo/config.toml). As the binary is static, `-static` is
# among the compiler's flags, and OpenSSL's Configure takes that for a wish to do without threads: without locks and atomic
# counts, two SSH connections at once crash. The objects are the same with and without the flag, so it is left out here.
for word do
    shift
    [ "$word" = -static ] || set -- "$@" "$word"
done
exec perl "$@"
