using System.CommandLine;
using System.Text.Json;
using CardIssue.Testing.Cards.State;

namespace CardIssue.VirtualCard.Cli;

/// <summary><c>new</c>: makes a card file as the factory would deliver the card.</summary>
internal static class NewCommand
{
    public static Command Make(TextWriter output)
    {
        var profile = new Option<string>("--profile") { Description = string.Join(", ", CardProfile.Names) + "; sam plays a secure access module with a key of its own.", DefaultValueFactory = _ => CardProfile.BlankEmvName };
        profile.AcceptOnlyFromAmong([.. CardProfile.Names]);
        var file = new Option<FileInfo>("--out") { Description = "The card file to write.", Required = true };
        var force = new Option<bool>("--force") { Description = "Write over a file that is there." };
        var serial = new Option<uint>("--serial") { Description = "Serial number; it is in CPLC and in the diversification data.", DefaultValueFactory = _ => 1 };
        var protocol = new Option<CardProtocol>("--protocol") { Description = "t0 or t1.", DefaultValueFactory = _ => CardProtocol.T1 };
        var json = new Option<bool>("--json") { Description = "Answer in JSON." };
        var (keys, channel) = (new KeyOptions(), new ChannelOptions());
        var command = new Command("new", "Makes a card file.") { profile, file, force, serial, protocol, json };
        channel.AddTo(command);
        keys.AddTo(command);
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!.FullName;
            if (File.Exists(path) && !parsed.GetValue(force)) throw new CommandException(ExitCode.File, $"{path} is there already; --force writes over it.");
            var number = parsed.GetValue(serial);
            var set = keys.Read(parsed, CardProfile.Kdd(number).Span, channel.KeyType(parsed));
            var state = channel.Apply(parsed, CardProfile.ByName(parsed.GetValue(profile)!, number, [set])!) with { Protocol = parsed.GetValue(protocol) };
            StateFile.Save(path, state);
            output.WriteLine(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new { ok = true, file = path, kdd = state.Kdd.ToString(), kvn = set.Version.ToString("X2"), kcv = Convert.ToHexString(set.Enc.CheckValue), publicKey = state.Piv?.PublicKey.ToString(), certificate = state.Piv?.Certificate.ToString() })
                : $"{path}: card {state.Kdd}, key version {set.Version:X2}, ENC check value {Convert.ToHexString(set.Enc.CheckValue)}{(keys.AreTestKeys(parsed) ? ", from the test key that everybody knows" : "")}{(state.Piv is { } piv ? $", public key {piv.PublicKey}" : "")}");
            return (int)ExitCode.Ok;
        });
        return command;
    }
}
