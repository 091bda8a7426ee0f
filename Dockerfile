# Three images from one build:
#   contrib  Envoy's contrib build with seawall-golang.so   (golang filter)
#   stock    stock Envoy with libseawall.so                 (dynamic module)
#   tools    the seawall command
#
# Tags are not pinned by digest here: no registry could be asked where this was
# written, and none of these images has been built there. Pin each FROM with
# @sha256:... at release.
#
# seawall-golang.so is built with the Go API of github.com/envoyproxy/envoy in
# go.mod and must meet an Envoy of that very minor version: change both together.
ARG GO_IMAGE=golang:1.26-bookworm
ARG ENVOY_VERSION=v1.39.1

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The libraries are linked against this image's glibc 2.36; make checks that they
# need no symbol newer than 2.34.
RUN make build

FROM envoyproxy/envoy:contrib-${ENVOY_VERSION} AS contrib
COPY --from=build /src/build/seawall-golang.so /etc/envoy/seawall-golang.so
COPY envoy/golang.yaml /etc/envoy/envoy.yaml
# The user that the image makes for Envoy. Started as such, its entrypoint
# changes no owners.
USER envoy
EXPOSE 8080
CMD ["envoy", "-c", "/etc/envoy/envoy.yaml"]

FROM envoyproxy/envoy:${ENVOY_VERSION} AS stock
COPY --from=build /src/build/libseawall.so /usr/local/lib/seawall/libseawall.so
COPY envoy/dynamicmodule.yaml /etc/envoy/envoy.yaml
ENV ENVOY_DYNAMIC_MODULES_SEARCH_PATH=/usr/local/lib/seawall
USER envoy
EXPOSE 8080
CMD ["envoy", "-c", "/etc/envoy/envoy.yaml"]

# A static binary needs nothing else; its numeric user is nobody's.
FROM scratch AS tools
COPY --from=build /src/build/seawall /seawall
USER 65532:65532
ENTRYPOINT ["/seawall"]
CMD ["--help"]
