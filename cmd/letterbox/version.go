package main

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"letterbox/internal/app"
)

func (p *program) versionCommand() *cobra.Command {
	c := &cobra.Command{Use: "version", Short: "Print the version", Example: "  letterbox version --json", Args: cobra.NoArgs}
	asJSON := c.Flags().Bool("json", false, "print one JSON object")
	c.RunE = does(func(*cobra.Command, []string) error {
		platform := runtime.GOOS + "/" + runtime.GOARCH
		if *asJSON {
			return json.NewEncoder(p.stdout).Encode(map[string]string{"version": app.Version(), "go": runtime.Version(), "platform": platform})
		}
		_, err := fmt.Fprintf(p.stdout, "letterbox %s (%s, %s)\n", app.Version(), runtime.Version(), platform)
		return err
	})
	return c
}
