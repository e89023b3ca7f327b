# The server as an image. Build it from a checkout: docker build --tag ocuroot .
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --locked --release --bin ocuroot \
    && install -D target/release/ocuroot /out/ocuroot

# Git is not needed here: the server asks GitHub for files. Certificates are, to talk to it; sqlite3 makes backups.
FROM debian:bookworm-slim AS server
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates sqlite3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin ocuroot \
    && install --directory --owner ocuroot --group ocuroot --mode 0700 /data
COPY --from=build /out/ocuroot /usr/local/bin/ocuroot
ENV OCUROOT_LISTEN=0.0.0.0:8080 \
    DATABASE_URL=sqlite:///data/ocuroot.db \
    OCUROOT_LOG_FORMAT=json
VOLUME /data
EXPOSE 8080
# Ready means that the database takes writes. Bash speaks HTTP here, which spares the image a client.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
USER ocuroot
ENTRYPOINT ["ocuroot"]
CMD ["serve"]

# Fly.io mounts its volumes as root's: this stage hands the directory over and gives up root before the server starts.
FROM server AS fly
USER root
ENTRYPOINT ["bash", "-c", "chown ocuroot:ocuroot /data && exec setpriv --reuid=ocuroot --regid=ocuroot --clear-groups --no-new-privs ocuroot \"$@\"", "ocuroot"]
CMD ["serve"]

# What `docker build` makes unless told otherwise.
FROM server
