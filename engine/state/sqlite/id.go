package sqlite

import (
	"encoding/hex"

	"github.com/google/uuid"
)

// newTenantID returns 32 random hexadecimal digits: a tenant id without dashes.
func newTenantID() string {
	id := uuid.New()
	return hex.EncodeToString(id[:])
}

// newJobID returns a fresh id of a synchronization job in Graph's form,
// scim.<tenant id>.<GUID>.
func newJobID(tenant string) string { return "scim." + tenant + "." + uuid.NewString() }
