package webbuild

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Types writes the TypeScript types of the API's OpenAPI document into outFile, by npm's openapi-typescript.
// root is the folder of package.json.
func Types(ctx context.Context, root, document, outFile string) error {
	tool := filepath.Join(root, "node_modules", "openapi-typescript", "bin", "cli.js")
	out, err := exec.CommandContext(ctx, "node", tool, document, "--output", outFile).CombinedOutput()
	if err != nil {
		return fmt.Errorf("cannot make types of %s: %w\n%s", document, err, out)
	}
	return nil
}
