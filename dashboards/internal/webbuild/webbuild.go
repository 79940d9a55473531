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
	src := filepath.Join(webDir, "src")
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{filepath.Join(src, "main.tsx"), filepath.Join(src, "theme.ts")},
		Bundle:            true,
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
	page, err := makePage(src, result.OutputFiles)
	if err != nil {
		return nil, err
	}
	if err := empty(outDir); err != nil {
		return nil, err
	}
	return writeAll(outDir, page, result.OutputFiles)
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
	shown := messages[:min(len(messages), 5)]
	lines := api.FormatMessages(shown, api.FormatMessagesOptions{Kind: api.ErrorMessage})
	hint := ""
	if strings.HasPrefix(messages[0].Text, "Could not resolve") {
		hint = "\nnpm's packages are missing: run npm ci at the root of the repository"
	}
	return fmt.Errorf("cannot %s: %d errors, the first of them:\n%s%s", what, len(messages), strings.Join(lines, "\n"), hint)
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

// makePage fills src/index.html, whose {{name.ext}} stand for the hashed files.
func makePage(src string, files []api.OutputFile) ([]byte, error) {
	page, err := os.ReadFile(filepath.Join(src, "index.html"))
	if err != nil {
		return nil, fmt.Errorf("cannot read the page: %w", err)
	}
	text := string(page)
	for _, f := range files {
		base := filepath.Base(f.Path)
		text = strings.ReplaceAll(text, "{{"+plainName(base)+"}}", "/assets/"+base)
	}
	if at := strings.Index(text, "{{"); at >= 0 {
		return nil, fmt.Errorf("cannot make the page: no file was built for %q", text[at:min(len(text), at+40)])
	}
	return []byte(text), nil
}

// writeAll writes the files and, last, the page that names them.
func writeAll(outDir string, page []byte, files []api.OutputFile) (map[string]int, error) {
	sizes := map[string]int{"app.html": len(page)}
	if err := os.MkdirAll(filepath.Join(outDir, "assets"), 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the build folder: %w", err)
	}
	for _, f := range files {
		sizes[filepath.Base(f.Path)] = len(f.Contents)
		if err := os.WriteFile(f.Path, f.Contents, 0o644); err != nil {
			return nil, fmt.Errorf("cannot write the web app: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(outDir, "app.html"), page, 0o644); err != nil {
		return nil, fmt.Errorf("cannot write the page: %w", err)
	}
	return sizes, nil
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
