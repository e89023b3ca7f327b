#!/bin/sh
# terraform.sh apply|destroy <service> <environment> [<variable>=<value> …], in the folder of the service.
# The main.tf of this example have only Terraform's built-in `terraform_data`: applying them creates nothing anywhere, and
# needs no account.
set -eu
. "$(dirname "$0")/common.sh"

if is_installed terraform; then
    # One folder is applied to several environments at a time: each has its own state, and its own data of `init`.
    state="$applied/terraform/$environment"
    mkdir -p "$state"
    export TF_DATA_DIR="$state/$service.data" TF_IN_AUTOMATION=1
    for setting in "$@" "environment=$environment"; do
        export "TF_VAR_${setting%%=*}=${setting#*=}"
    done
    terraform init -no-color -input=false -backend-config="path=$state/$service.tfstate"
    exec terraform "$verb" -no-color -input=false -auto-approve
fi
case $verb in
    apply) for setting in "$@"; do echo "${setting%%=*} = \"${setting#*=}\""; done | stand_in terraform ;;
    destroy) stand_in_removes terraform ;;
esac
