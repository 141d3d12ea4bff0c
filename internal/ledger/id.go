package ledger

import (
	"strconv"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// The prefixes of IDs. In the tables a party is one number: that of a change, or that
// of a declared maintenance below 0.
const (
	changePrefix      = "CHG-"
	maintenancePrefix = "MNT-"
	freezePrefix      = "FRZ-"
)

// number returns the number of a party, 0 for what is none.
func number(id change.ID) int64 {
	if n := numbered(changePrefix, id); n > 0 {
		return n
	}
	return -numbered(maintenancePrefix, id)
}

// idOf returns the ID of a party.
func idOf(n int64) change.ID {
	if n < 0 {
		return labelled(maintenancePrefix, -n)
	}
	return labelled(changePrefix, n)
}

// numbered returns the number in an ID with the prefix, 0 for one that is none.
func numbered(prefix string, id change.ID) int64 {
	digits, ok := strings.CutPrefix(string(id), prefix)
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n <= 0 || labelled(prefix, n) != id {
		return 0
	}
	return n
}

func labelled(prefix string, n int64) change.ID { return change.ID(prefix + strconv.FormatInt(n, 10)) }
