package script

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// nobody is the user that a worker of a server that runs as root becomes.
const nobody = 65534

// itself is this program: the link holds although the file has been replaced by a newer version.
func itself() (string, error) { return "/proc/self/exe", nil }

// confine takes rights from a worker that is about to be started. It dies with the server.
func confine(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
}

// harden has the kernel bound what this process may use.
func harden() error {
	// Whoever is out of memory takes this process first.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // Not everywhere allowed, and never needed.
	const prSetNoNewPrivs = 38
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0); errno != 0 {
		return errno
	}
	begun, err := dataNow()
	if err != nil {
		return err
	}
	for _, l := range []struct {
		what int
		most uint64
	}{
		{syscall.RLIMIT_CORE, 0}, {syscall.RLIMIT_FSIZE, 0}, {syscall.RLIMIT_CPU, cpuSeconds}, {syscall.RLIMIT_DATA, begun + hardMemory*shadow},
	} {
		if err := syscall.Setrlimit(l.what, &syscall.Rlimit{Cur: l.most, Max: l.most}); err != nil {
			return err
		}
	}
	return nil
}

// dataNow returns how much data this process has, as the kernel counts it for its limit.
func dataNow() (uint64, error) {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, "VmData:"); ok {
			kib, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("the kernel does not tell how much data there is")
}

// openNothing has the kernel refuse every file and every connection from now on.
func openNothing() error {
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{})
}
