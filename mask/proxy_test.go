package mask

import (
	"slices"
	"testing"
)

func TestProxyPasswords(t *testing.T) {
	for name, address := range map[string]string{
		"HTTP_PROXY": "http://u:with%2Fslash@proxy.test:3128", "http_proxy": "u:no-scheme@proxy.test", "HTTPS_PROXY": "socks5://proxy.test", "https_proxy": "http://%zz",
	} {
		t.Setenv(name, address)
	}
	if got := ProxyPasswords(); !slices.Equal(got, []string{"with/slash", "no-scheme"}) {
		t.Errorf("%q", got)
	}
}
