using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.SecureChannel;

namespace CardIssue.Core.Cards.Products;

/// <summary>The secure channel: what its protocol can do, and which keys it takes.</summary>
internal static partial class ProductRules
{
    private static IEnumerable<(string Property, string Message)> ChannelFaults(CardProduct product)
    {
        var (protocol, options, level) = (product.Protocol, product.Channel, product.SecurityLevel);
        if (protocol is ScpProtocol.Scp03 && product.Diversification is KeyDiversification.EmvCps or KeyDiversification.Visa2)
            yield return ("diversification", "EMV CPS and VISA2 make triple-DES keys, and SCP03 needs AES: kdf3 or none, or scp 02");
        if (protocol is ScpProtocol.Scp02 && product.Diversification is KeyDiversification.Kdf3)
            yield return ("diversification", "KDF3 makes AES keys, and SCP02 needs triple DES: emvCps, visa2 or none, or scp 03");
        if (protocol is not ScpProtocol.Scp03 && level.HasREnc())
            yield return ("securityLevel", "SCP02 does not encrypt responses: 01, 03, 11 or 13");
        if (protocol is not ScpProtocol.Scp03 && !product.Quirks.CountsEmptyCommands)
            yield return ("quirks", "only SCP03 counts commands: leave countsEmptyCommands out");
        if (protocol is null && AllItems(product).Any(item => item.Secret))
            yield return ("scp", "secret data has another length in each protocol: where there is some, scp is 02 or 03");
        if (product.ProtocolOptions is null) yield break;

        if (protocol is null) yield return ("i", "with scp detect the card says its i: leave it out, or name scp 02 or 03");
        else if (OptionsFault(options) is { } fault) yield return ("i", fault);
        else if (!options.Supports(level) && (!level.HasREnc() || options.Protocol is ScpProtocol.Scp03))
            yield return ("securityLevel", $"a card of {options} can't protect its responses so");
    }

    private static string? OptionsFault(ScpOptions options) => !options.Exist ? $"there is no {options}"
        : options.IsExplicit ? null
        : $"{options} is opened without the card's cryptogram, so nothing shows beforehand that a card is genuine: bit 3 must be set (04, 05, 14, 15, …)";

    private static IEnumerable<ItemDefinition> AllItems(CardProduct product) => product.Records.SelectMany(record => record.Items).Concat(product.Close.Items);
}
