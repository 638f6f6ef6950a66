package mask

import (
	"net/url"
	"os"
	"strings"
)

// ProxyPasswords returns the passwords of the proxies that the environment names.
// What is sent unencrypted goes to a proxy with its password, and the proxy may
// answer in the place of whom it was sent to, and repeat it.
func ProxyPasswords() []string {
	var all []string
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		address := os.Getenv(name)
		if !strings.Contains(address, "://") {
			address = "http://" + address // as net/http reads it
		}
		u, err := url.Parse(address)
		if err != nil || u.User == nil {
			continue
		}
		if password, given := u.User.Password(); given {
			all = append(all, password)
		}
	}
	return all
}
