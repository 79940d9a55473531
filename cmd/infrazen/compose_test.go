package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/infrazen/infrazen/cmd/internal/boot"
)

type compose struct {
	Services map[string]struct {
		Image       string            `yaml:"image"`
		Command     []string          `yaml:"command"`
		Environment map[string]string `yaml:"environment"`
		Volumes     []string          `yaml:"volumes"`
	} `yaml:"services"`
	Volumes map[string]any `yaml:"volumes"`
}

func readCompose(t *testing.T) (compose, string) {
	t.Helper()
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var c compose
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c, string(text)
}

// The services' environment must be settings that the programs know, or they would refuse to start.
func TestComposeSettingsAreKnown(t *testing.T) {
	c, _ := readCompose(t)
	for _, name := range []string{"collector", "api", "bot", "key"} {
		service, ok := c.Services[name]
		if !ok {
			t.Fatalf("service %s is missing", name)
		}
		environ := make([]string, 0, len(service.Environment))
		for k, v := range service.Environment {
			environ = append(environ, k+"="+regexp.MustCompile(`\$\{[^}]*\}`).ReplaceAllString(v, "x"))
		}
		if _, _, err := boot.Load(name, nil, environ, &strings.Builder{}); err != nil {
			t.Errorf("service %s: %v", name, err)
		}
	}
}

func TestComposeHasNoDefaultPassword(t *testing.T) {
	c, text := readCompose(t)
	for _, m := range regexp.MustCompile(`\$\{(\w*PASSWORD)([^}]*)\}`).FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(m[2], ":?") {
			t.Errorf("%s has a default: %s", m[1], m[0])
		}
	}
	for name, s := range c.Services {
		for _, v := range s.Volumes {
			volume, _, _ := strings.Cut(v, ":")
			if _, ok := c.Volumes[volume]; !ok {
				t.Errorf("service %s mounts the unknown volume %s", name, volume)
			}
		}
	}
	if !slices.Equal(c.Services["collector"].Command, []string{"collector"}) {
		t.Errorf("got command %v", c.Services["collector"].Command)
	}
}
