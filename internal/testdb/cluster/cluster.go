// Package cluster starts private MariaDB servers on loopback that may be killed, paused and cut off, and that keep what
// they have committed: one server, or the nodes of a Galera cluster. They end with the process that started them.
package cluster

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/go-sql-driver/mysql" // The driver "mysql".

	"letterbox/internal/testport"
)

// ErrMissing says that a program or library of the servers is not installed.
var ErrMissing = errors.New("MariaDB or Galera is not installed (Debian: mariadb-server galera-4 rsync)")

const provider = "/usr/lib/galera/libgalera_smm.so"

// guard tells the process id, waits for the end of its input, which is the end of who started it, and kills the server.
const guard = `"$@" & pid=$!; echo $pid; cat >/dev/null; kill -CONT $pid 2>/dev/null; kill -9 $pid 2>/dev/null; wait $pid`

// Cluster is some servers that hold the same, or a single one.
type Cluster struct {
	Nodes []*Node
	dir   string
}

// Node is one server.
type Node struct {
	Address string // HOST:PORT; user root, no password.

	dir   string
	args  []string
	leash io.Closer
	done  chan struct{}
	pid   int
}

// Start starts n servers; more than one are a Galera cluster. ctx limits the start. Stop must be called.
func Start(ctx context.Context, n int) (*Cluster, error) {
	install, err1 := find("mariadb-install-db")
	daemon, err2 := find("mariadbd")
	_, err3 := os.Stat(provider)
	if err1 != nil || err2 != nil || n > 1 && err3 != nil {
		return nil, ErrMissing
	}
	dir, err := os.MkdirTemp("", "cluster")
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir}
	if err := c.start(ctx, n, install, daemon); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, n int, install, daemon string) error {
	ports, err := testport.Free(4 * n)
	if err != nil {
		return err
	}
	var members []string
	for i := range n {
		members = append(members, fmt.Sprint("127.0.0.1:", ports[4*i+1]))
	}
	for i := range n {
		node := &Node{Address: fmt.Sprint("127.0.0.1:", ports[4*i]), dir: filepath.Join(c.dir, fmt.Sprint("node", i))}
		if err := c.makeFolder(node.dir); err != nil {
			return err
		}
		node.args = arguments(daemon, node, ports[4*i:4*i+4], members)
		c.Nodes = append(c.Nodes, node)
		args := []string{"--no-defaults", "--datadir=" + filepath.Join(node.dir, "data"), "--auth-root-authentication-method=normal", "--skip-test-db"}
		if os.Geteuid() == 0 {
			args = append(args, "--user=mysql")
		}
		if out, err := exec.CommandContext(ctx, install, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("mariadb-install-db: %w: %s", err, out)
		}
	}
	for i, node := range c.Nodes {
		if err := node.Start(ctx, i == 0); err != nil {
			return err
		}
	}
	return nil
}

// makeFolder makes the folder of a node. A server that is started by root runs as the user that its package has made: as
// root it could not hand its data to a node that joins, because rsync gives up root's rights.
func (c *Cluster) makeFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil || os.Geteuid() != 0 {
		return err
	}
	u, err := user.Lookup("mysql")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMissing, err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return errors.Join(os.Chmod(c.dir, 0o755), os.Chown(dir, uid, gid)) //nolint:gosec // It must be able to enter.
}

// arguments are those of one node: what is committed is flushed, so that a kill loses nothing.
func arguments(daemon string, n *Node, ports []int, members []string) []string {
	data := filepath.Join(n.dir, "data")
	args := []string{
		daemon, "--no-defaults", "--datadir=" + data, "--socket=" + filepath.Join(n.dir, "s.sock"), "--pid-file=" + filepath.Join(n.dir, "pid"),
		"--tmpdir=" + n.dir, "--port=" + strconv.Itoa(ports[0]), "--bind-address=127.0.0.1", "--skip-name-resolve",
		"--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=32M", "--performance-schema=OFF",
		"--max-connections=200", "--character-set-server=utf8mb4", "--log-error=" + filepath.Join(n.dir, "err.log"),
	}
	if os.Geteuid() == 0 {
		args = append(args, "--user=mysql")
	}
	if len(members) == 1 {
		return args
	}
	return append(args, "--wsrep-on=ON", "--wsrep-provider="+provider, "--wsrep-cluster-name=letterbox-test", "--binlog-format=ROW",
		"--innodb-autoinc-lock-mode=2", "--wsrep-sst-method=rsync", "--wsrep-cluster-address=gcomm://"+strings.Join(members, ","),
		"--wsrep-node-address=127.0.0.1", fmt.Sprint("--wsrep-node-incoming-address=127.0.0.1:", ports[0]),
		fmt.Sprint("--wsrep-sst-receive-address=127.0.0.1:", ports[3]), "--wsrep-node-name="+filepath.Base(n.dir),
		fmt.Sprintf("--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:%d;ist.recv_addr=127.0.0.1:%d;gcache.size=64M;"+
			"evs.suspect_timeout=PT2S;evs.inactive_timeout=PT4S;evs.inactive_check_period=PT0.5S;evs.keepalive_period=PT0.5S;evs.install_timeout=PT3S",
			ports[1], ports[2]))
}

// find looks for a program also where system programs lie.
func find(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	return exec.LookPath("/usr/sbin/" + name)
}

// Start starts the server, which does not run, and waits until it takes statements. first: it is the first of a cluster.
func (n *Node) Start(ctx context.Context, first bool) error {
	args := n.args
	if first && strings.Contains(strings.Join(args, " "), "--wsrep-on") {
		state := filepath.Join(n.dir, "data", "grastate.dat")
		if text, err := os.ReadFile(state); err == nil { // Whoever asks for this knows that no other node has more.
			_ = os.WriteFile(state, []byte(strings.Replace(string(text), "safe_to_bootstrap: 0", "safe_to_bootstrap: 1", 1)), 0o600)
		}
		args = append(args[:len(args):len(args)], "--wsrep-new-cluster")
	}
	cmd := exec.Command("sh", append([]string{"-c", guard, "sh"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // An interrupt from the keyboard reaches us, not the guard.
	out, err := cmd.StdoutPipe()
	if err == nil {
		n.leash, err = cmd.StdinPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("start mariadbd: %w", err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	n.pid, _ = strconv.Atoi(strings.TrimSpace(line))
	n.done = make(chan struct{})
	go func(done chan struct{}) {
		_ = cmd.Wait()
		close(done)
	}(n.done)
	if err := n.await(ctx); err != nil {
		text, _ := os.ReadFile(filepath.Join(n.dir, "err.log"))
		return fmt.Errorf("mariadbd does not answer: %w: %s", err, text[max(0, len(text)-2000):])
	}
	return nil
}

// await waits until the node takes statements.
func (n *Node) await(ctx context.Context) error {
	db, err := sql.Open("mysql", "root@tcp("+n.Address+")/?timeout=2s&readTimeout=5s")
	if err != nil {
		return err
	}
	defer db.Close()
	for {
		var count int
		if err = db.QueryRowContext(ctx, "SELECT count(*) FROM mysql.user").Scan(&count); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-n.done:
			return errors.Join(err, errors.New("it has ended"))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Kill ends the server as a power cut of its machine would; what it has committed is kept.
func (n *Node) Kill() {
	if n.leash == nil {
		return
	}
	_ = n.leash.Close()
	<-n.done
	n.leash = nil
}

// Pause stops the server without ending it; Resume lets it go on. Others take a paused node for cut off.
func (n *Node) Pause() { _ = syscall.Kill(n.pid, syscall.SIGSTOP) }

// Resume ends Pause.
func (n *Node) Resume() { _ = syscall.Kill(n.pid, syscall.SIGCONT) }

// Isolate cuts the node off from the rest of its cluster, or connects it again.
func (n *Node) Isolate(ctx context.Context, isolated bool) error {
	db, err := sql.Open("mysql", "root@tcp("+n.Address+")/?timeout=2s&readTimeout=10s")
	if err != nil {
		return err
	}
	defer db.Close()
	value := map[bool]string{true: "1", false: "0"}[isolated]
	if _, err = db.ExecContext(ctx, "SET GLOBAL wsrep_provider_options = 'gmcast.isolate="+value+"'"); err != nil {
		return fmt.Errorf("isolate a node: %w", err)
	}
	return nil
}

// CreateDatabase adds an empty database to the cluster.
func (c *Cluster) CreateDatabase(ctx context.Context, name string) error {
	db, err := sql.Open("mysql", "root@tcp("+c.Nodes[0].Address+")/")
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return fmt.Errorf("create a database: %w", err)
	}
	return nil
}

// Stop ends all servers and removes what they kept.
func (c *Cluster) Stop() {
	for _, n := range c.Nodes {
		n.Kill()
	}
	_ = os.RemoveAll(c.dir)
}
