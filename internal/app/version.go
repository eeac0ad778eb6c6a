package app

import "runtime/debug"

// version is set by the linker: -X letterbox/internal/app.version=1.2.3.
var version string

// Version names the build: as the linker set it, the commit it was built from, or "dev".
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return "dev-" + s.Value[:12]
			}
		}
	}
	return "dev"
}
