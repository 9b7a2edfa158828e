# syntax=docker/dockerfile:1
ARG SWIFT_IMAGE=swift:6.3-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

# Built on the same Debian as it runs on: a newer glibc's symbols would be missing at run time.
FROM ${SWIFT_IMAGE} AS build
WORKDIR /src
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends libcurl4-openssl-dev libsimdjson-dev libsqlite3-dev \
 && rm -rf /var/lib/apt/lists/*
COPY Package.swift ./
RUN swift package resolve
# Tests and benchmarks too: SwiftPM refuses a package when the folder of a declared target is missing.
COPY Sources ./Sources
COPY Tests ./Tests
COPY Benchmarks ./Benchmarks
RUN swift build -c release --product vpsbridge --static-swift-stdlib -Xlinker --gc-sections \
 && install -D -m 0755 ".build/release/vpsbridge" /out/vpsbridge \
 && strip --strip-unneeded /out/vpsbridge

FROM ${RUNTIME_IMAGE}
# hadolint ignore=DL3008
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates libcurl4 libsimdjson14 libsqlite3-0 tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 vpsbridge \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/vpsbridge --shell /usr/sbin/nologin vpsbridge \
 && install -d -o 10001 -g 10001 -m 0750 /var/lib/vpsbridge
# Owned by root: the program cannot write to itself.
COPY --from=build /out/vpsbridge /usr/local/bin/vpsbridge
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="vpsbridge" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.licenses="Apache-2.0"
# Two arenas keep glibc from holding on to the memory of each thread's bursts.
ENV VPSBRIDGE_LISTEN=0.0.0.0:8080 \
    MALLOC_ARENA_MAX=2
USER 10001:10001
WORKDIR /var/lib/vpsbridge
EXPOSE 8080
STOPSIGNAL SIGTERM
# No VOLUME: an anonymous one would hide that the store was never mounted, and be lost with the container.
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s --retries=3 CMD ["/usr/local/bin/vpsbridge", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/vpsbridge"]
CMD ["serve"]
