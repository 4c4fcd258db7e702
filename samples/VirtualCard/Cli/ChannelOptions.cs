using System.CommandLine;
using System.Globalization;
using CardIssue.Testing.Cards.Channel;
using CardIssue.Testing.Cards.State;

namespace CardIssue.VirtualCard.Cli;

/// <summary>Which secure channel a new card speaks.</summary>
internal sealed class ChannelOptions
{
    private const byte Default02 = 0x75, Default03 = 0x70, Random03 = 0x60;

    private readonly Option<string> _scp = new("--scp") { Description = "The secure channel protocol: 03 (AES) or 02 (triple DES).", DefaultValueFactory = _ => "03" };
    private readonly Option<string?> _i = new("--i")
    {
        Description = "The protocol's parameter i in hexadecimal: 75 when left out with --scp 02, 70 with 03.",
    };
    private readonly Option<string> _challenge = new("--challenge")
    {
        Description = "SCP03 by words instead of --i: pseudo (i=70, with s16 71) or random (i=60, with s16 61).", DefaultValueFactory = _ => "pseudo",
    };
    private readonly Option<string> _scp03 = new("--scp03")
    {
        Description = "s8, or s16: challenges, cryptograms and MACs of 16 bytes, which not every host can.", DefaultValueFactory = _ => "s8",
    };

    public void AddTo(Command command)
    {
        _scp.AcceptOnlyFromAmong("02", "03");
        _challenge.AcceptOnlyFromAmong("pseudo", "random");
        _scp03.AcceptOnlyFromAmong("s8", "s16");
        foreach (var option in new Option[] { _scp, _i, _challenge, _scp03 }) command.Options.Add(option);
        command.Validators.Add(result =>
        {
            bool Given(Option option) => result.GetResult(option) is { Implicit: false };
            var is02 = result.GetResult(_scp)?.Tokens is [{ Value: "02" }];
            if (Given(_i) && (Parse(result.GetValue(_i)) is not { } i || !Exists(is02, i)))
                result.AddError("--i is two hexadecimal digits, and a parameter that the protocol has.");
            if ((is02 || Given(_i)) && (Given(_challenge) || Given(_scp03))) result.AddError("--challenge and --scp03 are SCP03's, in place of --i.");
        });
    }

    /// <summary>The type of the keys that go with the protocol.</summary>
    public CardKeyType KeyType(ParseResult parsed) => Is02(parsed) ? CardKeyType.Des : CardKeyType.Aes;

    /// <summary>The card with that channel.</summary>
    public CardState Apply(ParseResult parsed, CardState card) => card with
    {
        Scp = Is02(parsed) ? CardState.Scp02 : CardState.Scp03,
        ScpParameter = Parse(parsed.GetValue(_i)) ?? (Is02(parsed) ? Default02 : ByWords(parsed)),
    };

    private bool Is02(ParseResult parsed) => parsed.GetValue(_scp) == "02";

    private byte ByWords(ParseResult parsed) => (byte)(
        (parsed.GetValue(_challenge) == "random" ? Random03 : Default03) | (parsed.GetValue(_scp03) == "s16" ? Handshake.S16 : 0));

    // Bit 8 has no meaning in SCP02; in SCP03 bits 2 to 4 and 8 have none, and R-ENC comes with R-MAC (GPC Amd D 5.1).
    private static bool Exists(bool is02, byte i) => is02 ? (i & 0x80) == 0 : (i & 0x8E) == 0 && (i & 0x60) != 0x40;

    private static byte? Parse(string? text) =>
        byte.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var i) ? i : null;
}
