#!/bin/sh
# A download from a server that only answers the second time.
set -eu
if [ -e fetched ]; then
    echo "fetched"
else
    touch fetched
    echo "the server does not answer" >&2
    exit 1
fi
