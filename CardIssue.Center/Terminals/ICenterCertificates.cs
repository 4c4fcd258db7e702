using CardIssue.Center.People;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Terminals;

/// <summary>
/// Which of the center's TLS certificates is in force, for all hosts, and which one each terminal keeps: what people need to know before they
/// change it.
/// </summary>
/// <remarks>Every call throws <see cref="Storage.StoreException"/> when the store cannot be read or written.</remarks>
public interface ICenterCertificates
{
    /// <summary>A terminal that was let in says which is the latest that it keeps; the same again writes nothing.</summary>
    Task KeepsCertificateAsync(TerminalId terminal, int number, CancellationToken cancellation = default);

    /// <summary>What terminals said last, by terminal; one that never said anything has no entry.</summary>
    Task<IReadOnlyDictionary<TerminalId, int>> KeptCertificatesAsync(CancellationToken cancellation = default);

    /// <summary>The number of the certificate that is in force; 0 for the one that the center was made with. Hosts ask every
    /// <see cref="Sessions.CenterSessionOptions.RegistryLook"/>.</summary>
    Task<int> CertificateInForceAsync(CancellationToken cancellation = default);

    /// <summary>Has all hosts change over to a certificate, which their vaults have as the next one. An earlier one than is in force stays what it is.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="person">A key custodian.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<TerminalChange> ChangeCertificateAsync(int number, CenterPerson person, CancellationToken cancellation = default);
}
