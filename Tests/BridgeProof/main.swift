/// `BridgeProof COMMAND`: proves the guards of the bridge; see README.md beside it.
import Glibc

let arguments = CommandLine.arguments.dropFirst()
exit(await ProofCommand(Array(arguments)).run())
