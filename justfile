# `just` lists these.
default:
    @just --list

# Everything a change must pass
check:
    .ci/run

# The tests; `just test push` runs those with `push` in their name
test *filter:
    cargo test -- {{filter}}

# Accept the texts that changed, after reading them: `git diff` shows them
accept *filter:
    INSTA_UPDATE=always cargo test -- {{filter}}

# Write the generated parts of docs/ again
docs:
    UPDATE_DOCS=1 cargo test --test it settings

# A whole installation on this machine
demo *arguments:
    cargo run --release -- demo {{arguments}}

# The server's image
image:
    docker build --tag ocuroot .

# Made-up input for an hour at one of fuzz/corpus, such as `just fuzz glob`
fuzz target seconds="3600":
    .ci/fuzz {{seconds}} {{target}}
