// Package webbuild bundles the web app, and its unit tests for Node, with esbuild.
package webbuild

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// App bundles the app whose source is in webDir/src into outDir, which is emptied first but for index.html:
// app.html and assets/ with a hash of the content in every name. It returns the sizes in bytes by file name.
// Dev leaves names readable and adds source maps.
func App(webDir, outDir string, dev bool) (map[string]int, error) {
	if err := empty(outDir); err != nil {
		return nil, err
	}
	src := filepath.Join(webDir, "src")
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{filepath.Join(src, "main.tsx"), filepath.Join(src, "theme.ts")},
		Bundle:            true,
		Write:             true,
		Outdir:            filepath.Join(outDir, "assets"),
		EntryNames:        "[name]-[hash]",
		AssetNames:        "[name]-[hash]",
		PublicPath:        "/assets",
		Format:            api.FormatIIFE,
		Target:            api.ES2022,
		Loader:            loaders(),
		JSX:               api.JSXAutomatic,
		JSXImportSource:   "preact",
		MinifySyntax:      !dev,
		MinifyWhitespace:  !dev,
		MinifyIdentifiers: !dev,
		Sourcemap:         sourceMaps(dev),
		LegalComments:     api.LegalCommentsNone,
		Charset:           api.CharsetUTF8,
		LogLevel:          api.LogLevelSilent,
	})
	if err := failure("bundle the web app", result.Errors); err != nil {
		return nil, err
	}
	return writePage(src, outDir, result.OutputFiles)
}

// Tests bundles every webDir/test/unit/*.test.mjs for Node into outDir and returns the bundles' paths.
func Tests(webDir, outDir string) ([]string, error) {
	entries, err := filepath.Glob(filepath.Join(webDir, "test", "unit", "*.test.mjs"))
	if err != nil || len(entries) == 0 {
		return nil, fmt.Errorf("cannot find unit tests in %s: %w", webDir, err)
	}
	result := api.Build(api.BuildOptions{
		EntryPoints:     entries,
		Bundle:          true,
		Write:           true,
		Outdir:          outDir,
		OutExtension:    map[string]string{".js": ".mjs"},
		Format:          api.FormatESModule,
		Platform:        api.PlatformNode,
		Target:          api.ES2022,
		JSX:             api.JSXAutomatic,
		JSXImportSource: "preact",
		LogLevel:        api.LogLevelSilent,
	})
	if err := failure("bundle the unit tests", result.Errors); err != nil {
		return nil, err
	}
	var out []string
	for _, f := range result.OutputFiles {
		if filepath.Ext(f.Path) == ".mjs" {
			out = append(out, f.Path)
		}
	}
	return out, nil
}

func loaders() map[string]api.Loader {
	return map[string]api.Loader{".woff2": api.LoaderFile, ".svg": api.LoaderFile}
}

func sourceMaps(dev bool) api.SourceMap {
	if dev {
		return api.SourceMapLinked
	}
	return api.SourceMapNone
}

func failure(what string, messages []api.Message) error {
	if len(messages) == 0 {
		return nil
	}
	lines := api.FormatMessages(messages, api.FormatMessagesOptions{Kind: api.ErrorMessage})
	return fmt.Errorf("cannot %s:\n%s", what, strings.Join(lines, "\n"))
}

// empty removes what an earlier build left in dir.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("cannot read the build folder: %w", err)
	}
	for _, e := range entries {
		if e.Name() == "index.html" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("cannot empty the build folder: %w", err)
		}
	}
	return os.MkdirAll(dir, 0o755)
}

// writePage makes app.html of src/index.html, whose {{name.ext}} stand for the hashed files.
func writePage(src, outDir string, files []api.OutputFile) (map[string]int, error) {
	page, err := os.ReadFile(filepath.Join(src, "index.html"))
	if err != nil {
		return nil, fmt.Errorf("cannot read the page: %w", err)
	}
	text := string(page)
	sizes := map[string]int{}
	for _, f := range files {
		base := filepath.Base(f.Path)
		sizes[base] = len(f.Contents)
		text = strings.ReplaceAll(text, "{{"+plainName(base)+"}}", "/assets/"+base)
	}
	if at := strings.Index(text, "{{"); at >= 0 {
		return nil, fmt.Errorf("cannot make the page: no file was built for %q", text[at:min(len(text), at+40)])
	}
	sizes["app.html"] = len(text)
	return sizes, os.WriteFile(filepath.Join(outDir, "app.html"), []byte(text), 0o644)
}

// plainName gives main.js for main-ABCDEFGH.js.
func plainName(hashed string) string {
	ext := filepath.Ext(hashed)
	stem := strings.TrimSuffix(hashed, ext)
	if at := strings.LastIndex(stem, "-"); at > 0 {
		stem = stem[:at]
	}
	return stem + ext
}
