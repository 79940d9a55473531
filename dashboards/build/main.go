// Command build bundles the web app into dashboards/web/dist, from where the dashboards package embeds it.
// Run it as `go run ./dashboards/build` at the root of the repository; npm's packages must be installed.
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/infrazen/infrazen/dashboards/internal/webbuild"
)

func main() {
	web := flag.String("web", "dashboards/web", "the folder of the web app")
	out := flag.String("out", "", "the folder to build into; <web>/dist when empty")
	dev := flag.Bool("dev", false, "leave the code readable and add source maps")
	types := flag.Bool("types", false, "only make the API's types of docs/openapi.json anew")
	flag.Parse()
	if err := run(*web, *out, *dev, *types); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(web, out string, dev, types bool) error {
	if types {
		return webbuild.Types(context.Background(), ".", "docs/openapi.json", filepath.Join(web, "src", "api", "schema.d.ts"))
	}
	if out == "" {
		out = filepath.Join(web, "dist")
	}
	start := time.Now()
	sizes, err := webbuild.App(web, out, dev)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		fmt.Printf("%8d %s\n", sizes[name], name)
	}
	fmt.Printf("built in %d ms\n", time.Since(start).Milliseconds())
	return nil
}
