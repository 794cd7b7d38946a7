# A broker of a peer bus. Built from the top of the repository:
#   docker build -f deploy/peerbus-broker.Dockerfile -t signalbox-peerbus-broker .
FROM node:20-slim AS build
# For the SQLite driver, where no binary of it is ready for this machine.
RUN apt-get update \
  && apt-get install -y --no-install-recommends python3 make g++ \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci && npm ls better-sqlite3
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:20-slim
RUN install -d -o node -g node -m 700 /data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
ENV NODE_ENV=production PEERBUS_LISTEN=0.0.0.0:47821 PEERBUS_DB=/data/peerbus.db
USER node
VOLUME /data
EXPOSE 47821
# Red when the log takes nothing, as on a full disk.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:47821/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/bin/peerbus.js"]
CMD ["serve"]
