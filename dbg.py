from nearclifford.kernels.particles.step import step
cr=Particles(np.tile(c.starts.letters,(6,1)),np.zeros(6),np.zeros(6))
step(cr,Gates(c.moves[0].table,c.moves[0].gates),c.maps[0],G,np.uint64(1),np.uint64(0),0.01)
print(cr)
for l,a,b in zip(*cr): print(l,a,b,np.log(val(g[0],l)))
