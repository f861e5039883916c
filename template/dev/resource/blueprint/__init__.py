"""What `just resource` writes resources from: a resource with every kind of field.

The tests add it to the app. The generator replaces its names, and the lines between `# begin X` and
`# end`; those of a variant (`owned`, `shared`, `cached`, `uncached`, `refs`) are kept or left out.
A line `# owned: CODE` becomes code.
"""
