// Command gozero runs what Triage is measured against in Go: the HTTP gateway of go-zero with its
// default middlewares, or the standard library's reverse proxy with nothing around it.
//
//	gozero -kind gateway|bare -port N -target HOST:PORT
//
// Either sends requests for /v2/models/slots/infer on to the target, over as many kept connections
// as it needs, and writes no access log. The token of the caller is passed on, not looked at.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/gateway"
)

const (
	path               = "/v2/models/slots/infer"
	idleConnectionsMax = 512
)

func main() {
	kind := flag.String("kind", "bare", "gateway: go-zero's; bare: httputil.ReverseProxy")
	port := flag.Int("port", 0, "to listen on, at 127.0.0.1")
	target := flag.String("target", "", "host and port of the model server")
	flag.Parse()
	if *port < 1 || *port > 65535 || *target == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}

	// Both use it. Its default of two kept connections a host would measure connecting.
	transport := http.DefaultTransport.(*http.Transport)
	transport.MaxIdleConns = idleConnectionsMax
	transport.MaxIdleConnsPerHost = idleConnectionsMax
	transport.DisableCompression = true

	switch *kind {
	case "gateway":
		runGateway(*port, *target)
	case "bare":
		runBare(*port, *target)
	default:
		flag.Usage()
		os.Exit(2)
	}
}

// runGateway serves with go-zero's gateway at its defaults (tracing, breaker, limits, timeouts,
// metrics), but for a log of errors only and no shedding by CPU: a machine that others keep busy
// would make it refuse what the others serve.
func runGateway(port int, target string) {
	settings := fmt.Sprintf(`
Name: gateway
Host: 127.0.0.1
Port: %d
CpuThreshold: 0
Log: {Level: error, Stat: false}
Upstreams:
  - Name: slots
    Http: {Target: %q}
    Mappings:
      - {Method: post, Path: %s}
`, port, target, path)
	var c gateway.GatewayConf
	if err := conf.LoadFromYamlBytes([]byte(settings), &c); err != nil {
		log.Fatal(err)
	}
	server := gateway.MustNewServer(c)
	defer server.Stop()
	server.Start()
}

// runBare serves with the standard library alone.
func runBare(port int, target string) {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: target})
	http.Handle(path, proxy)
	log.Fatal(http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", port), nil))
}
