"""Client, fault injector, history and checker of the end-to-end tests, kept apart.

stubs      protos compiled at import
ports      free loopback ports
subjects   what stands between client and server: the sidecar itself, or a peer for comparison
backends   grpcio servers: the interoperability service and the two shops
history    what a client saw of a call, as plain values
checker    what must be equal on both ways, and what may differ (invariant I7)
cases      the interoperability cases
raw        HTTP/2 spoken by hand: frames, header blocks, scripted servers
attacks    hostile input, one function each
steady     well-behaved clients that run beside an attack and count errors
"""
