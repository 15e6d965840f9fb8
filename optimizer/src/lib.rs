//! Where e-graph and RVSDG meet: encode, rule families, cost model, decode.
