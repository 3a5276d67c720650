# One image with both roles, the server core and the gateway: no shell, no package manager, nobody but one user without rights.
#
#   docker build -t quicproquo .
#   docker build -t quicproquo --secret id=qpq-build-key,src=build-key.pem .     the app's manifest is signed (docs/operate.md)
#
# The base is pinned by its tag; where your registry is reachable, pin it by digest too (the tag's digest is printed by `docker pull`):
#   docker build --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:… .
# It is needed for the build only. The last stage starts from nothing and takes the servers, the app, the Deno binary and the C library that it is linked to.
# Nothing names an architecture: the same file builds for amd64 and arm64.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY patches patches
# Two packages have something to do at install; SQLite's would only look for a compiler that it does not need, its binaries are in the package.
RUN npm ci --ignore-scripts --no-audit --no-fund && npm rebuild deno && npm run postinstall
COPY . .
# What the app's manifest says that it is made of; the repository is not in the build's folder:
#   docker build --build-arg QPQ_BUILD_COMMIT=$(git rev-parse HEAD) --build-arg SOURCE_DATE_EPOCH=$(git show -s --format=%ct HEAD) …
ARG QPQ_BUILD_COMMIT
ARG SOURCE_DATE_EPOCH
# The key stands in the build's memory only, never in a layer.
RUN --mount=type=secret,id=qpq-build-key,target=/run/qpq-build-key \
    node scripts/containers/image.mjs /image /run/qpq-build-key

FROM scratch
COPY --from=build /image /
WORKDIR /app
USER 10001:10001
ENV DENO_DIR=/tmp/deno DENO_NO_UPDATE_CHECK=1 HOME=/tmp NO_COLOR=1
STOPSIGNAL SIGTERM
# The permissions of each role are in deno.json ("server", "gateway", "setup"): compose.yaml names the one that it starts.
ENTRYPOINT ["/usr/local/bin/deno", "run", "--no-prompt", "--quiet", "--cached-only"]
CMD ["-P=server", "server-core/main.ts"]
