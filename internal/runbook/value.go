package runbook

import (
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/changectl/changectl/internal/change"
)

// native turns a CEL value into text, bool, int64, uint64, float64, nil, lists
// and maps of these.
func native(v ref.Val) (any, error) {
	switch v := v.(type) {
	case types.String, types.Bool, types.Int, types.Uint, types.Double:
		return v.Value(), nil
	case types.Null:
		return nil, nil //nolint:nilnil // null is a value
	case types.Bytes:
		return string(v), nil
	case types.Duration:
		return v.String(), nil
	case types.Timestamp:
		return v.Format(time.RFC3339Nano), nil
	case traits.Mapper:
		return nativeMap(v)
	case traits.Lister:
		list := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			e, err := native(it.Next())
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		return list, nil
	}
	return nil, change.Invalid("yields %s, which is not a value for an argument", v.Type().TypeName())
}

func nativeMap(v traits.Mapper) (any, error) {
	m := map[string]any{}
	for it := v.Iterator(); it.HasNext() == types.True; {
		k := it.Next()
		key, ok := k.(types.String)
		if !ok {
			return nil, change.Invalid("yields a map with a key that is not text")
		}
		e, err := native(v.Get(k))
		if err != nil {
			return nil, err
		}
		m[string(key)] = e
	}
	return m, nil
}
