// mineflayer, a client of Minecraft: Java Edition. Each line of stdin is said in the chat, or is `block X Y Z`, which
// answers with what stands there.
const mineflayer = require('mineflayer')
const { Vec3 } = require('vec3')
const [host, port, username, version] = process.argv.slice(2)
const bot = mineflayer.createBot({ host, port: Number(port), username, version, auth: 'offline' })

bot.once('spawn', () => console.log('spawned'))
bot.on('kicked', why => console.log('kicked', why))
bot.on('error', why => console.log('error', why.message))
require('readline').createInterface({ input: process.stdin }).on('line', line => {
  const [word, ...at] = line.split(' ')
  if (word === 'block') console.log('stands', bot.blockAt(new Vec3(...at.map(Number)))?.name)
  else bot.chat(line)
})
