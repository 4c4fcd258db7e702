using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.SecureChannel;

namespace CardIssue.Center.Vault;

/// <summary>A card's keys of another set than it was opened with, for its opening to encrypt; they go no further.</summary>
public sealed partial class FileKeyVault
{
    private CardKeySet DeriveOther(
        string keySet, byte keyVersion, KeyDiversification diversification, ScpProtocol protocol, ReadOnlySpan<byte> diversificationData)
    {
        lock (_gate)
        {
            var master = FindNewestKey(keySet, keyVersion) ?? throw new KeyVaultException(Lack(keySet, keyVersion));
            if (Misfit(master, diversification, protocol) is { } misfit) throw new KeyVaultException(misfit);
            return CardKeyDerivation.Derive(diversification, master.Key, diversificationData);
        }
    }

    private static string Lack(string keySet, byte keyVersion) =>
        $"The vault has no key {keySet} of version {keyVersion:X2}; enter it, or mend the product that names it.";
}
