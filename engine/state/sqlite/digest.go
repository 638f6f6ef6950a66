package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

	"github.com/scimsync/scimsync/engine/state"
)

// digested are the rows of a job that each part of a Digest is of, by their
// table, the columns of its key first, which they are read in the order of.
var digested = []struct{ part, table, key, others string }{
	{state.PartSeen, "source_records", "type, anchor", ", hash, presence, listed, since, generation"},
	{state.PartConnections, "connections", "source_anchor", ", type, target_anchor, display_name, status, since, updated"},
	{state.PartLinks, "links", "source_anchor, attribute, target_anchor", ""},
	{state.PartMissing, "missing", "type, source_anchor, missing_anchor", ""},
	{state.PartEscrows, "escrows", "type, source_anchor", ", reference, code, message, attempts, first, next"},
	{state.PartUnanswered, "unanswered", "type, source_anchor, attribute, value", ""},
}

// Digest returns a hash of each part of what decides what the job's next cycle
// does. It reads all that is remembered of the job.
func (s *Store) Digest(ctx context.Context, job string) (map[string]string, error) {
	doing := fmt.Sprintf("reading what is remembered of job %q", job)
	parts := map[string]string{}
	for _, d := range digested {
		err := s.reader.view(ctx, doing, func(db *sql.DB) error {
			conn, err := db.Conn(ctx)
			if err != nil {
				return err
			}
			sum := sha256.New() // anew each time: view may call twice
			var buffer []byte
			err = conn.Raw(func(raw any) error {
				return eachRaw(ctx, raw, func(row []driver.Value) error {
					buffer = appendRow(buffer[:0], row)
					sum.Write(buffer)
					return nil
				}, `SELECT `+d.key+d.others+` FROM `+d.table+` WHERE job = `+ofJob+` ORDER BY `+d.key, job)
			})
			parts[d.part] = short(sum)
			return errors.Join(err, conn.Close())
		})
		if err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func short(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)[:16]) }

// appendRow appends the values of a row, so that no two rows have one form.
func appendRow(b []byte, row []driver.Value) []byte {
	for _, v := range row {
		switch v := v.(type) {
		case int64:
			b = binary.AppendVarint(append(b, 'i'), v)
		case string:
			b = append(binary.AppendUvarint(append(b, 't'), uint64(len(v))), v...)
		case []byte:
			b = append(binary.AppendUvarint(append(b, 'b'), uint64(len(v))), v...)
		default:
			b = fmt.Appendf(append(b, '?'), "%v;", v)
		}
	}
	return b
}
