# One image for both roles: `controller` and `worker`. Any other command of taz runs in it as well.
#
#   docker build -t taz:0.1.0 .
#   docker run --rm taz:0.1.0 --version

FROM node:24-slim AS packages
WORKDIR /opt/taz
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# What no program reads at run time: type declarations, source maps, sources and tests of packages, commands, pages of
# documentation (licences stay), and binaries for a runtime that is not Node.
RUN set -eu; cd node_modules; \
    find . -type d '(' -name test -o -name tests -o -name __tests__ -o -name benchmarks -o -name examples \
      -o -name .bin -o -name .github ')' -prune -exec rm -r '{}' +; \
    rm -rf @types zod/src bare-*/prebuilds .package-lock.json; \
    find . -type f '(' -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.map' -o -iname '*.md' ')' \
      ! -iname 'licen[cs]e*' ! -iname 'notice*' ! -iname 'copying*' -delete; \
    find . -type d -empty -delete

FROM node:24-slim
LABEL org.opencontainers.image.title="taz" \
      org.opencontainers.image.description="Load testing from templates" \
      org.opencontainers.image.licenses="Apache-2.0"
# Nothing is installed in this image any more.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-*
WORKDIR /opt/taz
COPY LICENSE package.json ./
COPY bin ./bin
COPY --from=packages /opt/taz/node_modules ./node_modules
COPY src ./src
# `taz` by name, for `kubectl exec` and for shells.
RUN ln -s /opt/taz/bin/taz /usr/local/bin/taz
# By number, so that a cluster can see that it is not root. Nothing of the image is theirs to write; /tmp is all they need.
USER 10001:10001
# Node itself is process 1: it gets SIGTERM.
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "/opt/taz/src/cli/main.ts"]
