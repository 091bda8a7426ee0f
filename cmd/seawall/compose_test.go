package main

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
)

const root = "../.."

type service struct {
	Build     struct{ Context, Target string }
	Command   []string
	Ports     []string
	DependsOn []string `yaml:"depends_on"`
}

func composeServices(t *testing.T) map[string]service {
	t.Helper()
	var compose struct{ Services map[string]service }
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "docker-compose.yaml")), &compose))
	require.NotEmpty(t, compose.Services)
	return compose.Services
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return string(text)
}

// stages returns the text of each named stage of the Dockerfile.
func stages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, part := range regexp.MustCompile(`(?m)^FROM `).Split(read(t, "Dockerfile"), -1)[1:] {
		name := regexp.MustCompile(`^\S+ AS (\w+)`).FindStringSubmatch(part)
		require.NotNil(t, name, part)
		found[name[1]] = part
	}
	return found
}

func TestComposeStartsOnlyCommandsAndImagesThatExist(t *testing.T) {
	images, services := stages(t), composeServices(t)
	for name, service := range services {
		stage, ok := images[service.Build.Target]
		require.True(t, ok, "%s: the Dockerfile has no stage %q", name, service.Build.Target)
		assert.Contains(t, stage, "\nUSER ", "%s runs as root", name)
		if service.Build.Target == "tools" {
			parser, err := newParser(&commandLine{}, nil, nil, nil)
			require.NoError(t, err)
			_, err = parser.Parse(service.Command)
			assert.NoError(t, err, "%s: %v", name, service.Command)
		}
		for _, other := range service.DependsOn {
			assert.Contains(t, services, other, name)
		}
	}
}

func TestComposeMeetsTheBootstraps(t *testing.T) {
	services, images, makefile := composeServices(t), stages(t), read(t, "Makefile")
	for name, tc := range map[string]struct {
		load            func() (*launch.Bootstrap, error)
		file, so, place string
	}{
		"envoy-contrib": {launch.Golang, "envoy/golang.yaml", "build/seawall-golang.so", "/etc/envoy/seawall-golang.so"},
		"envoy-stock":   {launch.DynamicModule, "envoy/dynamicmodule.yaml", "build/libseawall.so", "/usr/local/lib/seawall/libseawall.so"},
	} {
		stage := images[services[name].Build.Target]
		assert.Contains(t, stage, "COPY "+tc.file+" /etc/envoy/envoy.yaml", name)
		assert.Contains(t, stage, "COPY --from=build /src/"+tc.so+" "+tc.place, name)
		assert.Contains(t, makefile, "-o "+tc.so+" ", name)
		assert.Contains(t, makefile, "runtime.godebugDefault=cgocheck=0", name)
		boot, err := tc.load()
		require.NoError(t, err)
		document, err := boot.JSON()
		require.NoError(t, err)
		var tree struct {
			Static struct {
				Listeners []struct {
					Address struct {
						Socket struct {
							Port string `yaml:"port_value"`
						} `yaml:"socket_address"`
					}
				}
				Clusters []struct {
					Load struct {
						Endpoints []struct {
							Lb []struct {
								Endpoint struct {
									Address struct {
										Socket struct {
											Address string
											Port    string `yaml:"port_value"`
										} `yaml:"socket_address"`
									}
								}
							} `yaml:"lb_endpoints"`
						}
					} `yaml:"load_assignment"`
				}
			} `yaml:"static_resources"`
		}
		require.NoError(t, yaml.Unmarshal(document, &tree))
		require.Len(t, services[name].Ports, 1)
		published := strings.Split(services[name].Ports[0], ":")
		assert.Equal(t, "127.0.0.1", published[0], "%s is published beyond this machine", name)
		assert.Equal(t, tree.Static.Listeners[0].Address.Socket.Port, published[2], name)
		attacked := "http://" + net.JoinHostPort(name, published[2])
		assert.Contains(t, services["attack"].Command, attacked)

		upstream := tree.Static.Clusters[0].Load.Endpoints[0].Lb[0].Endpoint.Address.Socket
		assert.Contains(t, services, upstream.Address)
		assert.Contains(t, services[upstream.Address].Command, "0.0.0.0:"+upstream.Port)
	}

	contrib, err := launch.Golang()
	require.NoError(t, err)
	filter, err := contrib.SeawallFilter()
	require.NoError(t, err)
	assert.Contains(t, images["contrib"], " "+filter["library_path"].(string)+"\n")
	assert.Contains(t, images["stock"], "ENVOY_DYNAMIC_MODULES_SEARCH_PATH=/usr/local/lib/seawall\n")
}

// The golang filter's library loads only into the Envoy minor version that its
// Go API is of.
func TestTheContribImageIsOfTheVersionThatGoModPins(t *testing.T) {
	pinned := regexp.MustCompile(`(?m)^\tgithub\.com/envoyproxy/envoy (v\S+)$`).FindStringSubmatch(read(t, "go.mod"))
	require.NotNil(t, pinned)
	assert.Contains(t, read(t, "Dockerfile"), "ARG ENVOY_VERSION="+pinned[1]+"\n")
}
