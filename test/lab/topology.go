package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/jackc/pgx/v5"
)

// Node is one PostgreSQL server of the pair.
type Node struct {
	Name      string `json:"name"`   // n1, n2: what the helpers take
	System    string `json:"system"` // orders-db-1, orders-db-2: what a catalog calls it
	Host      string `json:"host"`
	Port      int    `json:"port"`
	AdminDSN  string `json:"adminDSN"`  // superuser, database postgres
	OrdersDSN string `json:"ordersDSN"` // superuser, database orders
	DataDir   string `json:"dataDir"`
	Log       string `json:"log"`
}

// Pooler is the PgBouncer in front of the pair.
type Pooler struct {
	System     string `json:"system"`
	Host       string `json:"host"`
	Port       int    `json:"port"`
	ConsoleDSN string `json:"consoleDSN"` // admin console; simple protocol only
	Config     string `json:"config"`
	Log        string `json:"log"`
}

// Topology says where everything of a lab is. It is kept in dir/lab.json,
// readable by its owner alone, for it holds passwords.
type Topology struct {
	Dir            string   `json:"dir"`  // state directory as given
	Home           string   `json:"home"` // where the nodes live: Dir, or a place that the servers' user can reach
	Bin            string   `json:"bin"`  // helper programs: node-stop, node-start, ...
	EnvFile        string   `json:"envFile"`
	Versions       []string `json:"versions"` // builds at hand, the older first
	OneVersionOnly bool     `json:"oneVersionOnly"`
	Nodes          []Node   `json:"nodes"`
	Pooler         Pooler   `json:"pooler"`
	Database       string   `json:"database"`
	AdminUser      string   `json:"adminUser"`
	AdminPassword  string   `json:"adminPassword"`
	AppUser        string   `json:"applicationUser"`
	ApplicationDSN string   `json:"applicationDSN"` // through the pooler; simple protocol only
}

const (
	topologyFile = "lab.json"
	database     = "orders"
	adminUser    = "postgres"
	appUser      = "orders"
)

// Node looks a node up by its name or by its system's name.
func (t *Topology) Node(name string) (Node, error) {
	for _, n := range t.Nodes {
		if n.Name == name || n.System == name {
			return n, nil
		}
	}
	return Node{}, fmt.Errorf("find node %q: the lab has n1 (orders-db-1) and n2 (orders-db-2)", name)
}

// Serving is the node that the pooler sends clients to, as its console tells.
func (t *Topology) Serving(ctx context.Context) (Node, error) {
	conn, err := pgx.Connect(ctx, t.Pooler.ConsoleDSN)
	if err != nil {
		return Node{}, fmt.Errorf("connect to the pooler's console: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, "SHOW DATABASES", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return Node{}, fmt.Errorf("ask the pooler for its databases: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToMap)
	if err != nil {
		return Node{}, fmt.Errorf("read the pooler's databases: %w", err)
	}
	for _, row := range all {
		for _, n := range t.Nodes {
			if row["name"] == database && fmt.Sprint(row["port"]) == strconv.Itoa(n.Port) {
				return n, nil
			}
		}
	}
	return Node{}, errors.New("find the node that serves: the pooler's target is neither of the lab's nodes")
}

// Load reads the topology of the lab that was started in dir.
func Load(dir string) (*Topology, error) {
	raw, err := os.ReadFile(filepath.Join(dir, topologyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("find a lab in %s: it has no %s; start one there first", dir, topologyFile)
	}
	if err != nil {
		return nil, fmt.Errorf("read the lab's topology: %w", err)
	}
	var t Topology
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, fmt.Errorf("parse %s of the lab: %w", topologyFile, err)
	}
	return &t, nil
}

func (t *Topology) save() error {
	raw, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the lab's topology: %w", err)
	}
	path := filepath.Join(t.Dir, topologyFile)
	if err := os.WriteFile(path+".new", append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the lab's topology: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("put the lab's topology in place: %w", err)
	}
	return nil
}

func newTopology(dir, home string, builds *Builds, secret string, ports []int) *Topology {
	t := &Topology{
		Dir: dir, Home: home, Bin: filepath.Join(home, "bin"), EnvFile: filepath.Join(home, "lab.env"),
		Versions: builds.Versions, OneVersionOnly: builds.OneVersionOnly,
		Database: database, AdminUser: adminUser, AdminPassword: secret, AppUser: appUser,
		ApplicationDSN: dsn(appUser, "", ports[2], database),
		Pooler: Pooler{
			System: "orders-pooler", Host: loopback, Port: ports[2],
			ConsoleDSN: dsn("pgbouncer", "", ports[2], "pgbouncer"),
			Config:     filepath.Join(home, "pooler", "pgbouncer.ini"),
			Log:        filepath.Join(home, "pooler", "log"),
		},
	}
	for i, name := range []string{"n1", "n2"} {
		t.Nodes = append(t.Nodes, Node{
			Name: name, System: fmt.Sprintf("orders-db-%d", i+1), Host: loopback, Port: ports[i],
			AdminDSN:  dsn(adminUser, secret, ports[i], "postgres"),
			OrdersDSN: dsn(adminUser, secret, ports[i], database),
			DataDir:   filepath.Join(home, name, "data"), Log: filepath.Join(home, name, "log"),
		})
	}
	return t
}

func dsn(user, password string, port int, name string) string {
	u := url.URL{Scheme: "postgres", User: url.User(user), Host: loopback + ":" + strconv.Itoa(port), Path: "/" + name, RawQuery: "sslmode=disable"}
	if password != "" {
		u.User = url.UserPassword(user, password)
	}
	return u.String()
}
