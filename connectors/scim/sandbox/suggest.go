package sandbox

import (
	"strings"
)

// otherNames are names that other systems give to attributes of SCIM and that
// are spelled too differently to be found by likeness.
var otherNames = map[string]string{
	"mail": "emails", "email": "emails", "phone": "phoneNumbers", "mobile": "phoneNumbers",
	"telephonenumber": "phoneNumbers", "surname": "name.familyName", "lastname": "name.familyName",
	"sn": "name.familyName", "familyname": "name.familyName", "firstname": "name.givenName",
	"givenname": "name.givenName", "jobtitle": "title", "login": "userName",
	"userprincipalname": "userName", "enabled": "active", "accountenabled": "active",
	"language": "preferredLanguage", "employeeid": enterpriseURN + ":employeeNumber", "member": "members",
}

// didYouMean returns "; did you mean 'x'?" if a candidate is what the name
// stands for elsewhere or much like it, else "".
func didYouMean(name string, candidates []string) string {
	low := strings.ToLower(name)
	if other, ok := otherNames[low]; ok {
		for _, c := range candidates {
			if c == other || strings.HasPrefix(other, c+".") {
				return "; did you mean '" + other + "'?"
			}
		}
	}
	best, least := "", 1+max(1, len(low)/3)
	for _, c := range candidates {
		short := strings.ToLower(c[strings.LastIndexByte(c, ':')+1:])
		if d := distance(low, short, least); d < least {
			best, least = c, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean '" + best + "'?"
}

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour that makes a into b, or limit if it is not below it.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	var before []int // the row before the previous one
	previous := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(previous[j]+1, row[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, previous = previous, row
	}
	return min(previous[len(b)], limit)
}
