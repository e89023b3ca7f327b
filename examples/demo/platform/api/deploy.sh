#!/bin/sh
set -eu
echo "bringing version $1 of the API to $2"
