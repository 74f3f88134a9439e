# An edge, or with another command a process. Untried: it was written where no Docker engine runs.
#   docker build -t redbutton .
#   docker run --network host -v /etc/redbutton:/etc/redbutton:ro -v redbutton:/var/lib/redbutton redbutton
FROM node:24-bookworm-slim
WORKDIR /opt/redbutton
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY crdt crdt
COPY edge edge
COPY monitor monitor
COPY receiver receiver
RUN npm run build
RUN useradd --system --home-dir /var/lib/redbutton --create-home redbutton
USER redbutton
VOLUME /var/lib/redbutton
# The exec form, so that SIGTERM reaches the edge and it drains.
ENTRYPOINT ["node", "edge/cli/redbutton.mjs"]
CMD ["edge", "--config", "/etc/redbutton/edge.json"]
