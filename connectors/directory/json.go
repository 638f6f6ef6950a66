package directory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// MarshalJSON writes v as people read it: null, strings, booleans, numbers,
// lists and objects as themselves, a datetime in RFC 3339, a reference as its
// anchor, a pending value as PendingText.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.kind {
	case Null:
		return []byte("null"), nil
	case Boolean:
		return json.Marshal(v.num != 0)
	case Integer:
		return json.Marshal(v.num)
	case DateTime:
		return json.Marshal(fromTicks(v.num).Format(time.RFC3339Nano))
	case List:
		if v.list == nil {
			return []byte("[]"), nil
		}
		return json.Marshal(v.list)
	case Complex:
		var b bytes.Buffer
		b.WriteByte('{')
		for i, f := range v.Fields() {
			if i > 0 {
				b.WriteByte(',')
			}
			name, err := json.Marshal(f.Name)
			if err != nil {
				return nil, err
			}
			value, err := f.Value.MarshalJSON()
			if err != nil {
				return nil, err
			}
			b.Write(name)
			b.WriteByte(':')
			b.Write(value)
		}
		b.WriteByte('}')
		return b.Bytes(), nil
	case Pending:
		return json.Marshal(PendingText)
	default:
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v.text); err != nil {
			return nil, err
		}
		return bytes.TrimRight(b.Bytes(), "\n"), nil
	}
}

// FromJSON turns what encoding/json decodes (nil, string, bool, float64,
// json.Number, []any, map[string]any) into a Value. Whole numbers become
// integers, other numbers strings. The fields of an object are sorted by
// name, for a map has no order.
func FromJSON(x any) (Value, error) {
	switch x := x.(type) {
	case nil:
		return Value{}, nil
	case string:
		return Str(x), nil
	case bool:
		return Bool(x), nil
	case float64:
		if i := int64(x); float64(i) == x {
			return Int(i), nil
		}
		return Str(fmt.Sprint(x)), nil
	case json.Number:
		if i, err := x.Int64(); err == nil {
			return Int(i), nil
		}
		return Str(x.String()), nil
	case []any:
		list := make([]Value, len(x))
		for i, e := range x {
			v, err := FromJSON(e)
			if err != nil {
				return Value{}, err
			}
			list[i] = v
		}
		return Of(list...), nil
	case map[string]any:
		fields := make([]Field, 0, len(x))
		for _, name := range sortedKeys(x) {
			v, err := FromJSON(x[name])
			if err != nil {
				return Value{}, err
			}
			fields = append(fields, Field{Name: name, Value: v})
		}
		return Struct(fields...), nil
	default:
		return Value{}, fmt.Errorf("a JSON value of type %T has no attribute value", x)
	}
}
