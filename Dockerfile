# Builds one static program and runs it as a user without rights.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -tags nomsgpack -trimpath -ldflags "-s -w -X letterbox/internal/app.version=${VERSION}" -o /out/letterbox ./cmd/letterbox \
    && mkdir -p /out/data /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build /out/letterbox /letterbox
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 --chmod=1777 /out/tmp /tmp
USER 65532:65532
ENV LETTERBOX_LISTEN=0.0.0.0:8080 LETTERBOX_DATA=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["/letterbox", "healthcheck"]
ENTRYPOINT ["/letterbox"]
CMD ["serve"]
