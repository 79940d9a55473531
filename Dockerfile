# Builds the programs and the web app; the engines of the laptop edition stay out.
FROM golang:1.26-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN go run ./dashboards/build && CGO_ENABLED=0 go build -trimpath -o /out/ ./cmd/...

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tzdata && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 infrazen && install -d -o infrazen /var/lib/infrazen
COPY --from=build /out/ /usr/local/bin/
USER infrazen
WORKDIR /var/lib/infrazen
