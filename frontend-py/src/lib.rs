//! Python source to typed RVSDG, with diagnostics.
