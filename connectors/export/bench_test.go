package export

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// personJSON is one user as Graph lists it with the attributes that a job maps.
const personJSON = `{"id":"%[2]s","accountEnabled":true,"businessPhones":["+47 22 %06[1]d"],"city":"Oslo","companyName":"Contoso","country":"Norway","createdDateTime":"2021-08-19T13:25:31Z","department":"Department %[3]d","displayName":"Given%[1]d Surname%[1]d","employeeId":"%[1]d","employeeOrgData":{"costCenter":"C%[3]d","division":"EMEA"},"givenName":"Given%[1]d","jobTitle":"Engineer","mail":"user%[1]d@contoso.com","mailNickname":"user%[1]d","manager":{"@odata.type":"#microsoft.graph.user","id":"%[4]s"},"mobilePhone":"+47 9%07[1]d","officeLocation":"18/2111","onPremisesExtensionAttributes":{"extensionAttribute1":"x%[1]d","extensionAttribute2":null,"extensionAttribute3":null},"postalCode":"0150","preferredLanguage":"nb-NO","state":"Oslo","streetAddress":"Storgata 1","surname":"Surname%[1]d","usageLocation":"NO","userPrincipalName":"user%[1]d@contoso.com","userType":"Member"}`

func guid(i int) string { return fmt.Sprintf("%08x-5b1e-4000-8000-%012x", i*2654435761&0xffffffff, i) }

// writeUsers writes an export of n users and returns its path.
func writeUsers(tb testing.TB, n int, format string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "users."+format)
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	switch format {
	case "csv":
		writePortal(w, n)
	default:
		fmt.Fprint(w, `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users","value":[`)
		for i := range n {
			if i > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, personJSON, i, guid(i), i%100, guid(i/10))
		}
		fmt.Fprint(w, "]}")
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}

func writePortal(w *bufio.Writer, n int) {
	fmt.Fprintln(w, portalHeader)
	rows := csv.NewWriter(w)
	for i := range n {
		_ = rows.Write([]string{
			fmt.Sprintf("user%d@contoso.com", i), fmt.Sprintf("Given%[1]d Surname%[1]d", i), fmt.Sprintf("Surname%d", i), fmt.Sprintf("user%d@contoso.com", i),
			fmt.Sprintf("Given%d", i), guid(i), "Member", "Engineer", fmt.Sprintf("Department %d", i%100), "True", "NO", "Storgata 1", "Oslo", "Norway", "18/2111", "Oslo",
			"0150", fmt.Sprintf("+47 22 %06d", i), fmt.Sprintf("+47 9%07d", i), "", "", "", "", "Contoso, Ltd", "", "True", "", "contoso.onmicrosoft.com", "8/19/2021 1:25:31 PM",
		})
	}
	rows.Flush()
}

// BenchmarkRead reads an export for the first time, when every user is
// delivered, and again, when none is.
func BenchmarkRead(b *testing.B) {
	for _, format := range []string{"json", "csv"} {
		for _, n := range []int{10_000, 100_000} {
			path := writeUsers(b, n, format)
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			s, err := New(Options{Users: path})
			if err != nil {
				b.Fatal(err)
			}
			var records []connectors.Record
			for _, kind := range []string{"first", "unchanged"} {
				b.Run(fmt.Sprintf("%s/%d/%s", format, n, kind), func(b *testing.B) {
					b.SetBytes(info.Size())
					b.ReportAllocs()
					for b.Loop() {
						b.StopTimer()
						snapshot := connectors.NewSnapshot()
						if kind == "unchanged" {
							for _, r := range records {
								snapshot.Add(r)
							}
						}
						records = records[:len(records):len(records)]
						fresh := make([]connectors.Record, 0, n)
						b.StartTimer()
						result, err := s.Read(context.Background(), connectors.ReadRequest{Snapshot: snapshot, Now: time.Unix(0, 0)}, func(c directory.Change) error {
							fresh = append(fresh, connectors.Record{Type: c.Object.Type, Anchor: c.Object.Anchor, Hash: c.Hash})
							return nil
						})
						if err != nil || result.Users != n {
							b.Fatalf("%d users, %v", result.Users, err)
						}
						if kind == "first" {
							records = fresh
						} else if len(fresh) > 0 {
							b.Fatalf("%d users changed", len(fresh))
						}
					}
					b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "users/s")
				})
			}
		}
	}
}
