package lab

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that the servers run as. PostgreSQL refuses to run as
// root and needs an entry in the password file, so root's lab runs as nobody.
type account struct {
	uid, gid int
	drop     bool // we are root and step down to it
}

func serverAccount() (account, error) {
	if os.Getuid() != 0 {
		return account{uid: os.Getuid(), gid: os.Getgid()}, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return account{}, fmt.Errorf("find a user to run the servers as: %w; PostgreSQL does not run as root", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return account{}, fmt.Errorf("read the user id of nobody: %w", err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return account{}, fmt.Errorf("read the group id of nobody: %w", err)
	}
	return account{uid: uid, gid: gid, drop: true}, nil
}

// reaches says whether the account may pass through every directory on the way
// to dir, as far as that exists.
func (a account) reaches(dir string) bool {
	if !a.drop {
		return true
	}
	for at := dir; ; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil && info.Mode().Perm()&0o001 == 0 && !a.owns(info) {
			return false
		}
		if at == filepath.Dir(at) {
			return true
		}
	}
}

func (a account) owns(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == a.uid && info.Mode().Perm()&0o100 != 0
}

// attributes make a child process run as the account.
func (a account) attributes() *syscall.SysProcAttr {
	if !a.drop {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}}
}

// makeDir makes a directory that everybody may look into, whatever the umask.
func makeDir(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return fmt.Errorf("make the directory %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o755); err != nil {
		return fmt.Errorf("open the directory %s: %w", path, err)
	}
	return nil
}

// makeProgram writes a script that everybody may run, whatever the umask.
func makeProgram(path string, text []byte) error {
	if err := os.WriteFile(path, text, 0o755); err != nil {
		return fmt.Errorf("write the program %s: %w", filepath.Base(path), err)
	}
	if err := os.Chmod(path, 0o755); err != nil {
		return fmt.Errorf("make %s executable: %w", filepath.Base(path), err)
	}
	return nil
}

// give makes the account the owner of a file or directory.
func (a account) give(paths ...string) error {
	if !a.drop {
		return nil
	}
	for _, p := range paths {
		if err := os.Lchown(p, a.uid, a.gid); err != nil {
			return fmt.Errorf("give %s to the servers' user: %w", filepath.Base(p), err)
		}
	}
	return nil
}
