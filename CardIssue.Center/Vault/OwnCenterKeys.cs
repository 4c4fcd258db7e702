using CardIssue.Center.Storage;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>A set of the center's own keys. Owns them.</summary>
/// <param name="Number">Which of the center's it is; 0 for the one that it was made with.</param>
/// <param name="Signing">The signing key.</param>
/// <param name="Agreement">The agreement key.</param>
internal sealed record OwnCenterKeys(int Number, P256PrivateKey Signing, P256PrivateKey Agreement) : IDisposable
{
    public static OwnCenterKeys Make(int number) => new(number, P256PrivateKey.Generate(), P256PrivateKey.Generate());

    /// <summary>The public half of a set that was told, or is going to be.</summary>
    public CenterKeys Of(CenterId center) => new(center, Number, Signing.PublicKey, Agreement.PublicKey);

    public ByteString Sha256 => Of(default).Sha256;

    public void Write(SecretWriter to)
    {
        Signing.WriteTo(to);
        Agreement.WriteTo(to);
    }

    public static OwnCenterKeys Read(ref SecretReader from, int number) =>
        new(number, P256PrivateKey.FromNumber(from.Bytes()), P256PrivateKey.FromNumber(from.Bytes()));

    public void Dispose()
    {
        Signing.Dispose();
        Agreement.Dispose();
    }

    public override string ToString() => $"center keys {Number}";

    public static void Write(SecretWriter to, FormerCenterKeys former)
    {
        to.Number(former.Number);
        to.Bytes(former.SigningKey.Encoded.Span);
        to.Bytes(former.AgreementKey.Encoded.Span);
        to.Long(former.LastCheckpoint);
        to.Long(former.LastGeneration);
    }

    public static FormerCenterKeys Read(ref SecretReader from, CenterId center) => new(
        center, from.Number(), P256PublicKey.Parse(from.Bytes()), P256PublicKey.Parse(from.Bytes()), from.Long(), from.Long());
}
