#!/bin/sh
set -eu
echo "building the API, version $1"
sed "s/VERSION/$1/" greeting.txt > api.txt
cat api.txt
