package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// walRoom is what SQLite's write-ahead log grows to before it starts over: 1,000
// pages, and the transaction that passes them.
const walRoom = 5 << 20

// makeRoom writes zeros behind the end of SQLite's write-ahead log, up to the size
// that it reaches by itself. A flush of a file that grows costs the file system a
// transaction of its own, several times what the flush of our pages costs. SQLite
// reads the log up to the first frame that is none, and zeros are none; the lock
// that is held meanwhile is the one under which others would append.
func (l *Ledger) makeRoom(ctx context.Context) (err error) {
	if l.d != sqliteDialect {
		return nil
	}
	q, err := l.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("lock the ledger: %w", err)
	}
	defer func() { _ = q.Rollback() }() // nothing was written through it
	f, err := os.OpenFile(l.where+"-wal", os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil // nothing has been written since it was opened
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil || info.Size() >= walRoom {
		return err
	}
	if _, err := f.WriteAt(make([]byte, walRoom-info.Size()), info.Size()); err != nil {
		return err
	}
	return f.Sync()
}
